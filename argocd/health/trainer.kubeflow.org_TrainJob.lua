local FIELDS = { {"active", "active"}, {"ready", "ready"}, {"succeeded", "succeeded"}, {"failed", "failed"} }

-- "; 40% done; node: 2 active, 2 ready".
local function jobs()
  local percent = number_of(table_of(status.trainerStatus).progressPercentage)
  local out = percent and "; " .. percent .. "% done" or ""
  for _, each in ipairs(table_of(status.jobsStatus)) do
    local name, text = text_of(table_of(each).name), tally(each, FIELDS)
    if name ~= nil and text ~= "" then
      out = out .. "; " .. name .. ": " .. text
    end
  end
  return out
end

local failed = condition("Failed")
if failed ~= nil then
  return answer(FAILED, "Failed: " .. words(failed, "Trainer does not say why"))
end
if condition("Complete") ~= nil then
  return answer("Healthy", "Complete" .. jobs())
end
if condition("Suspended") ~= nil or spec.suspend == true then
  return answer(SUSPENDED, "Suspended: a queue, or a person, holds it")
end
if jobs() ~= "" then
  return answer(RUNNING, "Running" .. jobs())
end
return answer(RUNNING, "Trainer has not started its jobs yet; if it stays so, look at the JobSet of this name")
