-- What a person may do with an object besides editing it in Git.
local paused = ((obj.metadata or {}).annotations or {})["ivs-operator.dev/paused"] == "true"
return {
  reconcile = { disabled = paused },
  pause = { disabled = paused },
  resume = { disabled = not paused },
}
