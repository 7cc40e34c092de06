-- A Suggestion is a service: it is well while it answers, and with LongRunning it does so for ever.
local function served()
  local given = number_of(status.suggestionCount) or 0
  local asked = number_of(spec.requests)
  return given .. (asked and " of " .. asked or "") .. " suggestions given"
end

local failed = condition("Failed")
if failed ~= nil then
  return answer(FAILED, "Failed: " .. words(failed, "Katib does not say why"))
end
if condition("Succeeded") ~= nil then
  return answer("Healthy", "Ended with its Experiment; " .. served())
end
if condition("DeploymentReady") == nil then
  for _, each in ipairs(table_of(status.conditions)) do
    if table_of(each).type == "DeploymentReady" then
      return answer(RUNNING, "The algorithm's Deployment is not ready: look at its pod")
    end
  end
end
if condition("Running") ~= nil then
  return answer("Healthy", "Running; " .. served())
end
if condition("DeploymentReady") ~= nil then
  return answer(RUNNING, "The algorithm's Deployment is ready; its settings are not checked yet")
end
if condition("Created") ~= nil then
  return answer(RUNNING, "Created: the algorithm's Deployment has not reported yet")
end
return answer(RUNNING, "Katib's controller has not taken it up yet")
