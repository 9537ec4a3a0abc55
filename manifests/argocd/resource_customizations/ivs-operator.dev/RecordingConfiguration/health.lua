-- Health of an object of ivs-operator.dev; the same text for each of its kinds.
--
--   Suspended    paused by its annotation
--   Healthy      Ready is True for this very generation
--   Degraded     Stalled: nothing moves without a person
--   Progressing  everything else, with the reason: the operator is at work, or tries again by itself
local metadata = obj.metadata or {}
local status = obj.status or {}

local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end
local ready = conditions["Ready"]
local stalled = conditions["Stalled"]

-- What an older generation was is no news about this one.
local seen = status.observedGeneration ~= nil and status.observedGeneration == metadata.generation
local current = seen and ready ~= nil and ready.observedGeneration == metadata.generation

local function said(condition)
  if condition.message == nil or condition.message == "" then
    return condition.reason
  end
  return condition.reason .. ": " .. condition.message
end

if metadata.deletionTimestamp ~= nil then
  local why = "Being deleted"
  if ready ~= nil and ready.status ~= "True" then
    why = said(ready)
  end
  return { status = "Progressing", message = why }
end

if (metadata.annotations or {})["ivs-operator.dev/paused"] == "true" then
  return { status = "Suspended", message = "Paused: remove the annotation ivs-operator.dev/paused to go on" }
end

if not current then
  return { status = "Progressing", message = "Waiting for ivs-operator to look at this generation" }
end

if stalled ~= nil and stalled.status == "True" then
  return { status = "Degraded", message = said(stalled) }
end

if ready.status == "True" then
  return { status = "Healthy", message = ready.message }
end

return { status = "Progressing", message = said(ready) }
