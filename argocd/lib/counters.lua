-- Katib's rules on the counters that may change, as its webhook holds them against an update.
local MOST = 2147483647 -- an int32
local made, most = number_of(status.trials) or 0, number_of(spec.maxTrialCount)
local parallel, spared = number_of(spec.parallelTrialCount) or 3, number_of(spec.maxFailedTrialCount) or 0
local _, active = tally(status, { {"trialsRunning", ""}, {"trialsPending", ""} })

-- Why Katib would refuse any change of the spec; nil where it would not.
local function closed()
  local succeeded = condition("Succeeded")
  if metadata.deletionTimestamp ~= nil then
    return "it is being deleted"
  end
  if type(obj.spec) ~= "table" then
    return "it has no spec"
  end
  if condition("Failed") ~= nil then
    return "it has failed"
  end
  if succeeded == nil then
    return nil
  end
  if succeeded.reason ~= "ExperimentMaxTrialsReached" then
    return "it has succeeded for good"
  end
  if spec.resumePolicy ~= "LongRunning" and spec.resumePolicy ~= "FromVolume" then
    return "it has succeeded, and resumePolicy " .. (text_of(spec.resumePolicy) or "Never") .. " ends it for good"
  end
  return nil
end

-- The same for parallelTrialCount, which cannot change alone once all trials exist.
local function closed_for_parallel()
  if closed() == nil and most ~= nil and most <= made then
    return trials_of(made) .. " of " .. most .. " made: raise maxTrialCount first"
  end
  return closed()
end

local function closed_for_more()
  if closed() == nil and most == nil then
    return "it has no maxTrialCount, and so no end"
  end
  return closed()
end

-- One more round of as many trials as run at once.
local function after_a_round()
  local now = most or 0
  return (now > made and now or made) + parallel
end
