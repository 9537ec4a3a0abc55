if obj.metadata.annotations ~= nil then
  obj.metadata.annotations["ivs-operator.dev/paused"] = nil
end
return obj
