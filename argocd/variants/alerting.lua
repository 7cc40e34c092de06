-- Variant "alerting": a search that runs holds up no sync; one that failed is shown as failed, and fails a sync that
-- goes on after it.
local RUNNING, SUSPENDED, FAILED = "Healthy", "Healthy", "Degraded"
