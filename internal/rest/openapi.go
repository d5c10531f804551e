package rest

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/access"
	"gatehouse/internal/account"
	"gatehouse/internal/activity"
	"gatehouse/internal/delivery"
	"gatehouse/internal/entry"
	"gatehouse/internal/notice"
	"gatehouse/internal/op"
	"gatehouse/internal/ops"
	"gatehouse/internal/problem"
	"gatehouse/internal/secret"
	"gatehouse/internal/securitykey"
	"gatehouse/internal/signin"
	"gatehouse/internal/store"
	"gatehouse/internal/user"
)

type object = map[string]any

// Document is the OpenAPI 3.1 description of the table, as JSON.
func Document(t *op.Table) []byte {
	s := &schemas{made: object{}, enums: enums()}
	paths := object{}
	for _, o := range t.All() {
		i := o.Info()
		if i.Route == op.NoRoute {
			continue
		}
		method, path, _ := strings.Cut(i.Route, " ")
		item, ok := paths[path].(object)
		if !ok {
			item = object{}
			paths[path] = item
		}
		item[strings.ToLower(method)] = s.operation(i, method, path)
	}
	s.of(reflect.TypeFor[Problem]())
	document, err := json.MarshalIndent(object{
		"openapi": "3.1.0",
		"info": object{
			"title": "Gatehouse", "version": "v1",
			"description": "Every operation of the access desk. A session is a cookie that signing in sets. Errors are application/problem+json with a stable code. HEAD works wherever GET does; other methods are answered 405, with Allow. A filter of a list is field=value or field:operator=value, and may be repeated: values of eq and in are alternatives, everything else must hold as well. A list is over when nextCursor is empty.",
			"license":     object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
		},
		"servers": []object{{"url": Prefix}},
		"paths":   paths,
		"components": object{
			"schemas": s.made,
			"securitySchemes": object{
				"session": object{"type": "apiKey", "in": "cookie", "name": cookie},
				"key":     object{"type": "http", "scheme": "ApiKey", "description": "Authorization: ApiKey gate_…; Bearer works too."},
			},
		},
	}, "", "  ")
	if err != nil {
		panic("rest: the OpenAPI document does not marshal: " + err.Error())
	}
	return append(document, '\n')
}

func (s *schemas) operation(i op.Info, method, path string) object {
	noun, _, _ := strings.Cut(i.Name, ".")
	body := method == "POST" || method == "PATCH"
	o := object{
		"operationId": i.Name, "summary": i.Summary, "tags": []string{noun}, "x-rule": i.Rule.String(),
		"responses": s.responses(i, body),
	}
	if i.Event != "" {
		o["x-event"] = i.Event
	}
	if !i.Rule.Open() {
		who := []object{{"session": []string{}}}
		if i.Rule.Keys() {
			who = append(who, object{"key": []string{}})
		}
		o["security"] = who
	}
	parameters := []object{}
	for _, f := range reflect.VisibleFields(i.In) {
		name := jsonName(f)
		inPath := strings.Contains(path, "{"+name+"}")
		if name == "" || body && !inPath {
			continue
		}
		in := "query"
		if inPath {
			in = "path"
		}
		p := object{"name": name, "in": in, "required": inPath, "schema": s.of(f.Type)}
		if filter, ok := filterOf(i.In, name); ok {
			p["description"] = filterText(filter)
			p["x-operators"] = filter.Operators()
		}
		parameters = append(parameters, p)
	}
	if names := newSparse(i).names; names != nil {
		parameters = append(parameters, object{
			"name": "fields", "in": "query", "required": false, "style": "form", "explode": false,
			"description": "Only these fields of each entity.", "schema": object{"type": "array", "items": object{"type": "string", "enum": names}},
		})
	}
	if len(parameters) > 0 {
		o["parameters"] = parameters
	}
	if !body {
		return o
	}
	if schema, required := s.body(i); schema != nil {
		o["requestBody"] = object{"required": required, "content": object{"application/json": object{"schema": schema}}}
	}
	return o
}

// responses of an operation: 201 where it creates what has an address.
func (s *schemas) responses(i op.Info, body bool) object {
	header := func(name, what string) object {
		return object{name: object{"description": what, "schema": object{"type": "string"}}}
	}
	trouble := func(what string, headers object) object {
		o := object{"description": what, "content": object{"application/problem+json": object{"schema": s.of(reflect.TypeFor[Problem]())}}}
		if headers != nil {
			o["headers"] = headers
		}
		return o
	}
	done := object{"description": "Done.", "content": object{"application/json": object{"schema": s.of(i.Out)}}}
	all := object{
		"401":     trouble("Nobody is signed in, or the credentials are wrong.", header("WWW-Authenticate", "What is missing.")),
		"default": trouble("A problem; nothing was changed.", nil),
	}
	if i.Creates != "" {
		done["description"], done["headers"] = "Created.", header("Location", "Where the new thing is.")
		all["201"] = done
	} else {
		all["200"] = done
	}
	if body {
		all["415"] = trouble("The body is not application/json.", nil)
	}
	return all
}

// body describes what of an input is sent in the body, and whether there must be
// one. What stands in the path is refused in the body, so it is not described there.
func (s *schemas) body(i op.Info) (schema object, mustBe bool) {
	properties, required := s.fields(i.In, i.Parameters())
	switch {
	case len(properties) == 0:
		return nil, false
	case len(i.Parameters()) == 0:
		return s.of(i.In), len(required) > 0
	}
	return objectOf(properties, required), len(required) > 0
}

// schemas describes Go types in JSON Schema; structs go into made by name.
type schemas struct {
	made  object
	enums map[reflect.Type]any
}

func (s *schemas) of(t reflect.Type) object {
	switch t {
	case reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case reflect.TypeFor[secret.Text]():
		return object{"type": "string", "format": "password", "writeOnly": true}
	case reflect.TypeFor[secret.OneTime]():
		return object{"type": "string", "description": "Shown once."}
	case reflect.TypeFor[securitykey.JSON]():
		return object{"type": "object", "additionalProperties": true, "description": "JSON of WebAuthn Level 3, section 5.1, passed through as it is."}
	}
	if values, ok := s.enums[t]; ok {
		return object{"type": "string", "enum": values}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return nullable(s.of(t.Elem()))
	case reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": true}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Struct:
		return s.structure(t)
	}
	panic("rest: no schema for " + t.String())
}

func (s *schemas) structure(t reflect.Type) object {
	name := typeName(t)
	ref := object{"$ref": "#/components/schemas/" + name}
	if _, ok := s.made[name]; ok {
		return ref
	}
	schema := object{}
	s.made[name] = schema // before its fields, which may lead back to it
	maps.Copy(schema, objectOf(s.fields(t, nil)))
	return ref
}

// fields describes those of a struct but for some, and names the ones that cannot be left out.
func (s *schemas) fields(t reflect.Type, but []string) (properties object, required []string) {
	properties = object{}
	for _, f := range reflect.VisibleFields(t) {
		field := jsonName(f)
		if field == "" || slices.Contains(but, field) {
			continue
		}
		optional := strings.Contains(f.Tag.Get("json"), ",omit")
		property := s.of(f.Type)
		if optional && f.Type.Kind() == reflect.Pointer { // left out rather than null
			property = s.of(f.Type.Elem())
		}
		properties[field] = property
		if !optional {
			required = append(required, field)
		}
	}
	return properties, required
}

func objectOf(properties object, required []string) object {
	schema := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}

func nullable(schema object) object {
	if kind, ok := schema["type"].(string); ok {
		with := maps.Clone(schema)
		with["type"] = []string{kind, "null"}
		return with
	}
	return object{"oneOf": []object{schema, {"type": "null"}}}
}

// typeName of a struct: Page[…/ops.User] is UserPage.
func typeName(t reflect.Type) string {
	base, argument, generic := strings.Cut(t.Name(), "[")
	if !generic {
		return base
	}
	argument = strings.TrimSuffix(argument, "]")
	return argument[strings.LastIndexAny(argument, "./")+1:] + base
}

// enums are the string types of which every value is known.
func enums() map[reflect.Type]any {
	permissions := []access.Permission{}
	for _, d := range access.Catalogue() {
		permissions = append(permissions, d.Permission)
	}
	kinds := []delivery.Kind{}
	for _, f := range delivery.Forms() {
		kinds = append(kinds, f.Kind)
	}
	return map[reflect.Type]any{
		reflect.TypeFor[delivery.Kind]():       kinds,
		reflect.TypeFor[delivery.Channel]():    []delivery.Channel{delivery.Mail, delivery.SMS},
		reflect.TypeFor[delivery.Cause]():      delivery.Causes(),
		reflect.TypeFor[delivery.Security]():   []delivery.Security{delivery.StartTLS, delivery.ImplicitTLS, delivery.Plain},
		reflect.TypeFor[delivery.BodyType]():   []delivery.BodyType{delivery.JSONBody, delivery.FormBody, delivery.NoBody},
		reflect.TypeFor[store.MessageState]():  store.MessageStates(),
		reflect.TypeFor[notice.Kind]():         notice.Kinds(),
		reflect.TypeFor[ops.Handing]():         []ops.Handing{ops.Mailed, ops.HandOver},
		reflect.TypeFor[problem.Code]():        problem.Codes(),
		reflect.TypeFor[problem.FieldCode]():   problem.FieldCodes(),
		reflect.TypeFor[user.Language]():       user.Languages(),
		reflect.TypeFor[user.State]():          user.States(),
		reflect.TypeFor[user.Kind]():           user.Kinds(),
		reflect.TypeFor[account.MFAPolicy]():   account.MFAPolicies(),
		reflect.TypeFor[account.State]():       account.States(),
		reflect.TypeFor[store.AccountOrder]():  store.AccountOrders(),
		reflect.TypeFor[ops.DoorState]():       ops.DoorStates(),
		reflect.TypeFor[ops.UpstreamState]():   ops.UpstreamStates(),
		reflect.TypeFor[ops.AccountAct]():      ops.AccountActs(),
		reflect.TypeFor[signin.MFAState]():     []signin.MFAState{signin.MFAOn, signin.MFAOff, signin.MFASetupRequired},
		reflect.TypeFor[account.RequiredBy]():  []account.RequiredBy{account.NotRequired, account.ByPolicy, account.ByAdministrator, account.ByOperator},
		reflect.TypeFor[access.Kind]():         []access.Kind{access.Person, access.Key, access.Console, access.System, access.Operator, access.Anonymous},
		reflect.TypeFor[access.Face]():         access.Faces(),
		reflect.TypeFor[activity.Outcome]():    []activity.Outcome{activity.Done, activity.Refused},
		reflect.TypeFor[access.Permission]():   permissions,
		reflect.TypeFor[ops.Method]():          []ops.Method{ops.AppMethod, ops.KeyMethod, ops.RecoveryMethod, ops.PasswordMethod, ops.BreakGlassMethod},
		reflect.TypeFor[ops.Helper]():          []ops.Helper{ops.HelpedByOperator, ops.HelpedByAdmins, ops.HelpedByConsole},
		reflect.TypeFor[ops.CallerState]():     []ops.CallerState{ops.CallerNone, ops.CallerSent, ops.CallerProven, ops.CallerOver, ops.CallerByMate},
		reflect.TypeFor[store.HelpState]():     store.HelpStates(),
		reflect.TypeFor[securitykey.Why]():     securitykey.Whys(),
		reflect.TypeFor[store.KeyPurpose]():    []store.KeyPurpose{"", store.UsedAsSecondFactor, store.UsedAsPasskey, store.UsedToStepUp},
		reflect.TypeFor[ops.Act]():             ops.Acts(),
		reflect.TypeFor[store.UserOrder]():     store.UserOrders(),
		reflect.TypeFor[store.ActivityOrder](): store.ActivityOrders(),
		reflect.TypeFor[store.MessageOrder]():  store.MessageOrders(),
		reflect.TypeFor[store.SessionOrder]():  store.SessionOrders(),
		reflect.TypeFor[ops.Purpose]():         []ops.Purpose{ops.ToActivate, ops.ToNewPassword},
		reflect.TypeFor[ops.Place]():           []ops.Place{ops.AtDesk, ops.AtGate},
		reflect.TypeFor[ops.BreakGlassState](): []ops.BreakGlassState{ops.BreakGlassNone, ops.BreakGlassReady, ops.BreakGlassUsed},
		reflect.TypeFor[ops.Covered]():         []ops.Covered{ops.CoveredOn, ops.CoveredOverdue, ops.CoveredDue, ops.CoveredOff},
		reflect.TypeFor[ops.SignInState]():     []ops.SignInState{ops.SignedIn, ops.SignedOut, ops.SecondFactorNeeded},
		reflect.TypeFor[entry.Point]():         entry.AllPoints(),
	}
}
