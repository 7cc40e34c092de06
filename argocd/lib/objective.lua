-- The value of the objective in what was observed, taken by its strategy as Katib does; "accuracy 0.97", or nil.
local function objective_value(objective, observation)
  local name = text_of(table_of(objective).objectiveMetricName)
  local taken = objective.type == "minimize" and "min" or "max"
  for _, strategy in ipairs(table_of(objective.metricStrategies)) do
    if name ~= nil and table_of(strategy).name == name then
      taken = text_of(strategy.value) or taken
    end
  end
  for _, metric in ipairs(table_of(table_of(observation).metrics)) do
    if name ~= nil and table_of(metric).name == name then
      local value = text_of(metric[taken])
      if value == nil or value == "unavailable" then
        value = text_of(metric.latest)
      end
      if value ~= nil and value ~= "unavailable" then
        return name .. " " .. value
      end
    end
  end
  return nil
end
