-- Variant "flowing": nothing that a search does holds up or fails a sync; the message says what it does.
local RUNNING, SUSPENDED, FAILED = "Healthy", "Healthy", "Healthy"
