// Package dump prints, for a few Go types, what JSON they read and write.
package dump

import (
	"encoding/json"
	"os"
	"path"
	"reflect"
	"strings"
)

// A leaf is read and written by code of its own, so reflection says nothing of it.
var leaves = map[string]string{
	"k8s.io/apimachinery/pkg/api/resource.Quantity":      "quantity",
	"k8s.io/apimachinery/pkg/util/intstr.IntOrString":    "int-or-text",
	"k8s.io/apimachinery/pkg/apis/meta/v1.Time":          "time",
	"k8s.io/apimachinery/pkg/apis/meta/v1.MicroTime":     "time",
	"k8s.io/apimachinery/pkg/apis/meta/v1.Duration":      "duration",
	"k8s.io/apimachinery/pkg/apis/meta/v1.FieldsV1":      "any",
	"k8s.io/apimachinery/pkg/runtime.RawExtension":       "any",
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSON": "any",
}

var kinds = map[reflect.Kind]string{
	reflect.String: "text", reflect.Bool: "bool", reflect.Int32: "int32", reflect.Uint32: "uint32",
	reflect.Int64: "int64", reflect.Int: "int64", reflect.Float32: "float", reflect.Float64: "float",
	reflect.Interface: "any",
}

// Types maps the name of a struct to its JSON fields. A field is written as marks and a type: `?` where it is left
// out when empty, `*` for a pointer, `[]` for a list, `{}` for a mapping with any keys.
type Types map[string]map[string]string

// Print writes the types that the roots are made of to the standard output.
func Print(roots ...any) {
	types := Types{}
	for _, root := range roots {
		types.add(reflect.TypeOf(root))
	}
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	if err := out.Encode(types); err != nil {
		panic(err)
	}
}

func (types Types) add(t reflect.Type) string {
	full := t.PkgPath() + "." + t.Name()
	if leaf, ok := leaves[full]; ok {
		return leaf
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + types.add(t.Elem())
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		return "[]" + types.add(t.Elem())
	case reflect.Map:
		return "{}" + types.add(t.Elem())
	case reflect.Struct:
		name := path.Base(path.Dir(t.PkgPath())) + "." + t.Name()
		if _, seen := types[name]; !seen {
			types[name] = map[string]string{}
			types.fields(t, types[name])
		}
		return name
	}
	kind, ok := kinds[t.Kind()]
	if !ok {
		panic("a type that JSON does not know: " + t.String())
	}
	return kind
}

func (types Types) fields(t reflect.Type, into map[string]string) {
	for i := 0; i < t.NumField(); i++ {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" || !field.IsExported() {
			continue
		}
		if field.Anonymous && name == "" {
			types.fields(field.Type, into)
			continue
		}
		if name == "" {
			name = field.Name
		}
		mark := ""
		for _, option := range strings.Split(options, ",") {
			if option == "omitempty" && mark == "" {
				mark = "?"
			} else if option == "omitzero" {
				mark = "!"
			}
		}
		into[name] = mark + types.add(field.Type)
	}
}
