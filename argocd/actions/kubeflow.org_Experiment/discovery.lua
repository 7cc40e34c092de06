-- An action that Katib would refuse is disabled, and its name says why; a dialogue has no room for what is now.
local function offer(title, now, reason, icon, params)
  return {
    displayName = title .. " (" .. (reason or now) .. ")",
    disabled = reason ~= nil,
    iconClass = "fa fa-fw " .. icon,
    params = params,
  }
end

local restarts = condition("Succeeded") ~= nil and ", restarts it" or ""
local round = "Add " .. trials_of(parallel)
local above = "now " .. (most or "none") .. ", must be above " .. made .. restarts

return {
  ["add-trials"] = offer(round, "to " .. after_a_round() .. restarts, closed_for_more(), "fa-plus-circle"),
  ["set-max-trial-count"] = offer("Set maxTrialCount", above, closed(), "fa-flag", { {name = "maxTrialCount"} }),
  ["set-parallel-trial-count"] = offer(
    "Set parallelTrialCount",
    "now " .. parallel .. ", " .. active .. " active",
    closed_for_parallel(),
    "fa-columns",
    { {name = "parallelTrialCount"}, {name = "deleteNewestTrials"} }
  ),
}
