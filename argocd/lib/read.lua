-- Reads a live object whatever it holds: a field may be missing, or of another type than it should be.
local function table_of(value)
  if type(value) == "table" then
    return value
  end
  return {}
end

local function text_of(value)
  if type(value) == "string" and value ~= "" then
    return value
  end
  return nil
end

local function number_of(value)
  if type(value) == "number" then
    return value
  end
  return nil
end

local metadata, spec, status = table_of(obj.metadata), table_of(obj.spec), table_of(obj.status)

-- The condition of a type where it is True, else nil; by type, as their order says nothing.
local function condition(name)
  for _, each in ipairs(table_of(status.conditions)) do
    if table_of(each).type == name then
      return each.status == "True" and each or nil
    end
  end
  return nil
end

-- What a condition says for itself.
local function words(each, otherwise)
  return text_of(each.message) or text_of(each.reason) or otherwise
end

-- The numbers of some fields, as "9 succeeded, 1 failed"; and their sum.
local function tally(holder, fields)
  local parts, sum = {}, 0
  for _, field in ipairs(fields) do
    local number = number_of(table_of(holder)[field[1]]) or 0
    sum = sum + number
    if number > 0 then
      parts[#parts + 1] = number .. " " .. field[2]
    end
  end
  return table.concat(parts, ", "), sum
end

local function trials_of(number)
  return number .. (number == 1 and " trial" or " trials")
end

local function answer(health, message)
  return {status = health, message = message}
end
