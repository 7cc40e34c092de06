-- Variant "waiting": a search counts as under way until it has ended, and one that failed is shown as failed.
local RUNNING, SUSPENDED, FAILED = "Progressing", "Suspended", "Degraded"
