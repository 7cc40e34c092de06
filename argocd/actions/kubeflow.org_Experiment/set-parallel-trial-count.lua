unless(closed_for_parallel())
local wanted = whole("parallelTrialCount")
if wanted == parallel then
  refuse("parallelTrialCount is " .. wanted .. " already")
end
if most ~= nil and wanted > most then
  refuse("parallelTrialCount: write at most " .. most .. ", which is maxTrialCount")
end
if wanted < active and table_of(actionParams).deleteNewestTrials ~= "yes" then
  local lost = active - wanted
  refuse("of " .. trials_of(active) .. " under way Katib would delete " .. lost .. ": the newest of all trials, with their "
    .. "metrics; if you want that, write `yes` in deleteNewestTrials")
end
obj.spec.parallelTrialCount = wanted
return obj
