-- The order of the ends is that in which Katib's experiment controller counts a trial.
local function told(head)
  local parts = {}
  for _, each in ipairs(table_of(spec.parameterAssignments)) do
    local name, value = text_of(table_of(each).name), text_of(table_of(each).value)
    if name ~= nil and value ~= nil then
      parts[#parts + 1] = name .. "=" .. value
    end
  end
  local value = objective_value(table_of(spec.objective), status.observation)
  return head .. (value and "; " .. value or "") .. (#parts > 0 and " (" .. table.concat(parts, ", ") .. ")" or "")
end

local killed, failed, succeeded = condition("Killed"), condition("Failed"), condition("Succeeded")
local stopped, running, unavailable = condition("EarlyStopped"), condition("Running"), condition("MetricsUnavailable")

if killed ~= nil then
  return answer("Healthy", told("Killed: " .. words(killed, "Katib does not say why")))
end
if failed ~= nil then
  return answer(FAILED, told("Failed: " .. words(failed, "Katib does not say why")))
end
if succeeded ~= nil then
  return answer("Healthy", told("Succeeded"))
end
if stopped ~= nil then
  return answer("Healthy", told("Stopped early"))
end
if running ~= nil then
  return answer(RUNNING, told("Running"))
end
if unavailable ~= nil then
  local head = "The objective has no value: " .. words(unavailable, "Metrics are not available")
  return answer(FAILED, told(head .. "; `kgen metrics LOG` shows what Katib reads from its log"))
end
if condition("Created") ~= nil then
  return answer(RUNNING, told("Created: its job has not started"))
end
return answer(RUNNING, "Katib's controller has not taken it up yet")
