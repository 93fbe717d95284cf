-- Health of an MLModel in Argo CD. Healthy: the champion serves what Git asks for. Progressing: it moves by itself.
-- Suspended: nothing is wrong, and nothing goes on before a person acts. Degraded: somebody must mend something.

-- Reasons of condition Reconciling that wait for a person and not for the cluster.
local waits_for_a_person = {
  AwaitingApproval = true,
  PlanChanged = true,
  PlanHashMismatch = true,
  FeasibilityUndecided = true,
  AwaitingPromotion = true,
  VersionAwaitsApproval = true,
  RolloutHeld = true,
}

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
if status.phase == "Suspended" then
  return health("Suspended", nil, "spec.suspend is true; what serves stays as it is")
end
if is_true("Retired") then
  return health("Suspended", "Retired")
end
if is_true("Reconciling") then
  if status.phase == "AwaitingApproval" or waits_for_a_person[found.Reconciling.reason] then
    return health("Suspended", "Reconciling")
  end
  return health("Progressing", "Reconciling")
end
if is_true("Ready") then
  return health("Healthy", "Ready")
end
return health("Degraded", "Ready")
