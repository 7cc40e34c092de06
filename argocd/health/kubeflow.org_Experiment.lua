local DONE = {
  {"trialsSucceeded", "succeeded"},
  {"trialsFailed", "failed"},
  {"trialMetricsUnavailable", "without metrics"},
  {"trialsEarlyStopped", "stopped early"},
  {"trialsKilled", "killed"},
}
local ACTIVE = { {"trialsRunning", "running"}, {"trialsPending", "pending"} }
local ENDS = {
  ExperimentGoalReached = "the goal is reached",
  ExperimentMaxTrialsReached = "maxTrialCount is reached",
  ExperimentSuggestionEndReached = "the algorithm has nothing more to suggest",
}

local ended, done = tally(status, DONE)
local alive, active = tally(status, ACTIVE)
local made, most = number_of(status.trials) or 0, number_of(spec.maxTrialCount)
local best = text_of(table_of(status.currentOptimalTrial).bestTrialName)

-- Head, trials by how they ended, those that run, and the best one.
local function told(head)
  local parts = {head}
  if done > 0 then
    parts[#parts + 1] = (most and done .. " of " or "") .. trials_of(most or done) .. " done (" .. ended .. ")"
  end
  if active > 0 then
    parts[#parts + 1] = alive
  end
  if best ~= nil then
    local value = objective_value(table_of(spec.objective), table_of(status.currentOptimalTrial).observation)
    parts[#parts + 1] = "best " .. best .. (value and ": " .. value or "")
  end
  return table.concat(parts, "; ")
end

local function why_failed(failed)
  local said = words(failed, "Katib does not say why")
  if said == "Suggestion has failed" then
    return said .. ", and says why itself; it has this name"
  end
  local limit = number_of(spec.maxFailedTrialCount)
  local _, lost = tally(status, {DONE[2], DONE[3]})
  if limit ~= nil and lost > 0 and lost >= limit then
    return trials_of(lost) .. " failed or gave no metrics, and maxFailedTrialCount is " .. limit
  end
  return said
end

local failed, succeeded = condition("Failed"), condition("Succeeded")
if failed ~= nil then
  return answer(FAILED, told("Failed: " .. why_failed(failed)))
end

if succeeded ~= nil then
  local resumable = spec.resumePolicy == "LongRunning" or spec.resumePolicy == "FromVolume"
  if succeeded.reason == "ExperimentMaxTrialsReached" and resumable and most ~= nil and most > made then
    return answer(RUNNING, told("Restart pending: maxTrialCount is " .. most .. ", for " .. trials_of(made) .. " made"))
  end
  local head = "Succeeded: " .. (ENDS[succeeded.reason] or words(succeeded, "Katib does not say why"))
  local _, fruitful = tally(status, {DONE[1], DONE[4]})
  if best == nil and fruitful == 0 and done > 0 then
    return answer(FAILED, told(head .. ", but no trial gave a value of the objective"))
  end
  return answer("Healthy", told(head))
end

if condition("Running") ~= nil or condition("Restarting") ~= nil then
  local head = condition("Running") ~= nil and "Running" or "Restarting"
  if done + active == 0 then
    head = head .. ": no trial yet; if it stays so, look at the Suggestion of this name and at its pod"
  end
  return answer(RUNNING, told(head))
end
if condition("Created") ~= nil then
  return answer(RUNNING, "Created: it waits for the Suggestion of this name; if it stays so, look at that one's pod")
end
return answer(RUNNING, "Katib's controller has not taken it up yet")
