-- For all kinds of the training operator, whose statuses are alike.
local FIELDS = { {"active", "active"}, {"succeeded", "succeeded"}, {"failed", "failed"} }

-- "; Master: 1 active; Worker: 3 active", in an order that does not change.
local function replicas()
  local names, out = {}, ""
  for name, each in pairs(table_of(status.replicaStatuses)) do
    if type(name) == "string" and type(each) == "table" then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local text = tally(status.replicaStatuses[name], FIELDS)
    if text ~= "" then
      out = out .. "; " .. name .. ": " .. text
    end
  end
  return out
end

local failed, restarting, running = condition("Failed"), condition("Restarting"), condition("Running")
if failed ~= nil then
  return answer(FAILED, "Failed: " .. words(failed, "the operator does not say why"))
end
if condition("Succeeded") ~= nil then
  return answer("Healthy", "Succeeded" .. replicas())
end
if condition("Suspended") ~= nil or table_of(spec.runPolicy).suspend == true then
  return answer(SUSPENDED, "Suspended: a queue, or a person, holds it")
end
if restarting ~= nil then
  return answer(RUNNING, "Restarting: " .. words(restarting, "the operator does not say why") .. replicas())
end
if running ~= nil then
  return answer(RUNNING, "Running" .. replicas())
end
if condition("Created") ~= nil then
  return answer(RUNNING, "Created: its pods have not started" .. replicas())
end
return answer(RUNNING, "The training operator has not taken it up yet")
