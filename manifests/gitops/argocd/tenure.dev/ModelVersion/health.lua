-- Health of a ModelVersion in Argo CD. Healthy: it serves. Progressing: it is built, tested or deployed. Suspended: it
-- is out of service on purpose, or waits for a person. Degraded: it failed, and its model goes on without it.

local status = obj.status or {}
local found = {}
for _, condition in ipairs(status.conditions or {}) do
  found[condition.type] = condition
end

local function is_true(kind)
  return found[kind] ~= nil and found[kind].status == "True"
end

local function health(word, kind, otherwise)
  local message = found[kind] ~= nil and found[kind].message or nil
  return { status = word, message = message or otherwise }
end

if status.observedGeneration ~= obj.metadata.generation or found.Ready == nil then
  return health("Progressing", nil, "waiting for the operator to see this generation")
end
if is_true("Stalled") then
  return health("Degraded", "Stalled")
end
if status.phase == "Failed" or status.phase == "Rejected" then
  return health("Degraded", "Ready")
end
if status.phase == "Superseded" or status.phase == "Retired" or status.phase == "Suspended" then
  return health("Suspended", "Ready")
end
if is_true("Reconciling") then
  return health("Progressing", "Reconciling")
end
if is_true("Ready") then
  return health("Healthy", "Ready")
end
return health("Progressing", "Ready")
