-- Nothing is written at AWS while the annotation is there, deletion included.
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["ivs-operator.dev/paused"] = "true"
return obj
