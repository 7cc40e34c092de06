-- Reads what was typed into an action's dialogue; texts, and empty where nothing was.
local function refuse(message)
  error(message, 0)
end

local function whole(name)
  local typed = table_of(actionParams)[name]
  local number = tonumber(typed)
  if number == nil or number ~= number or number < 1 or number > MOST or number % 1 ~= 0 then
    refuse(name .. ": write a whole number from 1 to " .. MOST .. ", not `" .. tostring(typed or "") .. "`")
  end
  return number
end

local function unless(reason)
  if reason ~= nil then
    refuse("Katib would refuse it: " .. reason)
  end
end
