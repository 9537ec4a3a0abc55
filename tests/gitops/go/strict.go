package main

import (
	"encoding/json"
	"fmt"

	helm "github.com/fluxcd/helm-controller/api/v2"
	kustomization "github.com/fluxcd/kustomize-controller/api/v1"
	source "github.com/fluxcd/source-controller/api/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// kinds are those that a sample may use, as the controllers of Flux know them.
var kinds = map[string]func() runtime.Object{
	helm.GroupVersion.String() + "/HelmRelease":            func() runtime.Object { return &helm.HelmRelease{} },
	kustomization.GroupVersion.String() + "/Kustomization": func() runtime.Object { return &kustomization.Kustomization{} },
	source.GroupVersion.String() + "/GitRepository":        func() runtime.Object { return &source.GitRepository{} },
	source.GroupVersion.String() + "/OCIRepository":        func() runtime.Object { return &source.OCIRepository{} },
}

// decode answers a manifest with the error of a strict decoder: fields that the controller does not know, wrong types.
func decode(line []byte) (any, error) {
	var named struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if err := json.Unmarshal(line, &named); err != nil {
		return nil, err
	}
	empty, known := kinds[named.APIVersion+"/"+named.Kind]
	if !known {
		return verdict{Error: fmt.Sprintf("no controller of Flux has the kind %s in %s", named.Kind, named.APIVersion)}, nil
	}
	if err := yaml.UnmarshalStrict(line, empty()); err != nil {
		return verdict{Error: err.Error()}, nil
	}
	return verdict{Status: "accepted"}, nil
}
