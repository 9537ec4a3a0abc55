package main

import (
	"context"
	"time"

	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// patience is what Argo CD gives a health check.
const patience = time.Second

// runLua runs a script with what Argo CD gives one that is configured: gopher-lua with its basic functions and tables,
// the object as the global `obj`, and neither strings nor mathematics.
func runLua(script string, object *unstructured.Unstructured) verdict {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for _, library := range []struct {
		name string
		open lua.LGFunction
	}{{lua.LoadLibName, lua.OpenPackage}, {lua.BaseLibName, lua.OpenBase}, {lua.TabLibName, lua.OpenTable}} {
		state.Push(state.NewFunction(library.open))
		state.Push(lua.LString(library.name))
		state.Call(1, 0)
	}
	limited, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	state.SetContext(limited)
	state.SetGlobal("obj", asLua(state, object.Object))
	if err := state.DoString(script); err != nil {
		return verdict{Error: err.Error()}
	}
	answer, ok := state.Get(-1).(*lua.LTable)
	if !ok {
		return verdict{Error: "the script returned no table"}
	}
	return verdict{Status: text(answer, "status"), Message: text(answer, "message")}
}

func text(table *lua.LTable, key string) string {
	if found, ok := table.RawGetString(key).(lua.LString); ok {
		return string(found)
	}
	return ""
}

func asLua(state *lua.LState, value any) lua.LValue {
	switch typed := value.(type) {
	case bool:
		return lua.LBool(typed)
	case string:
		return lua.LString(typed)
	case int64:
		return lua.LNumber(typed)
	case float64:
		return lua.LNumber(typed)
	case []any:
		table := state.NewTable()
		for _, item := range typed {
			table.Append(asLua(state, item))
		}
		return table
	case map[string]any:
		table := state.NewTable()
		for key, item := range typed {
			table.RawSetString(key, asLua(state, item))
		}
		return table
	default:
		return lua.LNil
	}
}
