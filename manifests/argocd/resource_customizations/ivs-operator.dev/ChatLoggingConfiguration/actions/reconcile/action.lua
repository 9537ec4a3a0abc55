-- Looked at by ivs-operator now instead of with the next sweep; status.lastHandledReconcileAt echoes the annotation.
local os = require("os")
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["ivs-operator.dev/reconcile-at"] = os.date("!%Y-%m-%dT%XZ")
return obj
