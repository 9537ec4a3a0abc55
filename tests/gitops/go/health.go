package main

import (
	"context"
	"encoding/json"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"github.com/fluxcd/pkg/apis/kustomize"
	"github.com/fluxcd/pkg/runtime/cel"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

type question struct {
	Object      json.RawMessage                  `json:"object"`
	Expressions kustomize.HealthCheckExpressions `json:"expressions"`
	Lua         string                           `json:"lua"`
}

type verdict struct {
	Status  string `json:"status"`
	Message string `json:"message,omitempty"`
	Error   string `json:"error,omitempty"`
}

type verdicts struct {
	Kstatus verdict `json:"kstatus"`
	Flux    verdict `json:"flux"`
	Argo    verdict `json:"argo"`
}

func judge(line []byte) (any, error) {
	var asked question
	if err := json.Unmarshal(line, &asked); err != nil {
		return nil, err
	}
	// As a client of the API server decodes: whole numbers are int64, which Flux's evaluator looks for.
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(asked.Object); err != nil {
		return nil, err
	}
	return verdicts{
		Kstatus: told(status.Compute(object)),
		Flux:    told(evaluate(&asked.Expressions, object)),
		Argo:    runLua(asked.Lua, object),
	}, nil
}

func evaluate(expressions *kustomize.HealthCheckExpressions, object *unstructured.Unstructured) (*status.Result, error) {
	evaluator, err := cel.NewStatusEvaluator(expressions)
	if err != nil {
		return nil, err
	}
	return evaluator.Evaluate(context.Background(), object)
}

func told(result *status.Result, err error) verdict {
	if err != nil {
		return verdict{Error: err.Error()}
	}
	return verdict{Status: result.Status.String(), Message: result.Message}
}
