unless(closed())
local wanted = whole("maxTrialCount")
if wanted == most then
  refuse("maxTrialCount is " .. wanted .. " already")
end
if wanted <= made then
  refuse("maxTrialCount: write more than " .. made .. ", as many trials are made")
end
if wanted < parallel then
  refuse("maxTrialCount: write at least " .. parallel .. ", which is parallelTrialCount")
end
if wanted < spared then
  refuse("maxTrialCount: write at least " .. spared .. ", which is maxFailedTrialCount")
end
obj.spec.maxTrialCount = wanted
return obj
