unless(closed_for_more())
if after_a_round() > MOST then
  refuse("maxTrialCount is as large as it can be")
end
obj.spec.maxTrialCount = after_a_round()
return obj
