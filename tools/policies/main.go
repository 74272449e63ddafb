// policies: what an API server's own code says of manifests, given policies. It reads a JSON list of cases from standard input, each
// with `policy`, `object`, and perhaps `params` and `namespace`, and writes a list of verdicts, each a list of
// {"verdict": "allow" | "deny" | "error", "message": …}, one for each validation; empty where a condition leaves the object out.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/client-go/kubernetes/scheme"
)

type judgement struct {
	Policy    admissionv1.ValidatingAdmissionPolicy `json:"policy"`
	Object    loose                                 `json:"object"`
	Params    loose                                 `json:"params"`
	Namespace *corev1.Namespace                     `json:"namespace"`
}

// loose is an object as API servers decode it: whole numbers are integers.
type loose map[string]any

func (l *loose) UnmarshalJSON(text []byte) error {
	var content map[string]any
	err := utiljson.Unmarshal(text, &content)
	*l = content
	return err
}

type verdict struct {
	Verdict string `json:"verdict"`
	Message string `json:"message,omitempty"`
}

func main() {
	if len(os.Args) > 1 { // `--version`: it runs
		return
	}
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		fail(err)
	}
	var cases []judgement
	if err := json.Unmarshal(input, &cases); err != nil {
		fail(err)
	}
	found := make([][]verdict, len(cases))
	for i := range cases {
		found[i] = judge(&cases[i])
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func judge(c *judgement) []verdict {
	object := typed(c.Object)
	kind := object.GetObjectKind().GroupVersionKind()
	name := (&unstructured.Unstructured{Object: c.Object}).GetName()
	resource := schema.GroupVersionResource{Group: kind.Group, Version: kind.Version, Resource: "objects"}
	attributes := admission.NewAttributesRecord(object, nil, kind, "", name, resource, "", admission.Create, &metav1.CreateOptions{}, false, &user.DefaultInfo{})
	versioned := &admission.VersionedAttributes{Attributes: attributes, VersionedObject: admission.NewLazyObject(object), VersionedKind: kind}
	var params runtime.Object
	if c.Params != nil {
		params = typed(c.Params)
	}
	result := compiled(&c.Policy).Validate(context.Background(), resource, versioned, params, c.Namespace, celconfig.RuntimeCELCostBudget, nil)
	verdicts := []verdict{}
	for _, decision := range result.Decisions {
		switch decision.Evaluation {
		case validating.EvalAdmit:
			verdicts = append(verdicts, verdict{Verdict: "allow"})
		case validating.EvalDeny:
			verdicts = append(verdicts, verdict{"deny", decision.Message})
		default:
			outcome := "error"
			if decision.Action == validating.ActionAdmit {
				outcome = "allow"
			}
			verdicts = append(verdicts, verdict{outcome, decision.Message})
		}
	}
	return verdicts
}

// typed is an object as an API server holds it: of its Go type where it has one.
func typed(content map[string]any) runtime.Object {
	untyped := &unstructured.Unstructured{Object: content}
	object, err := scheme.Scheme.New(untyped.GroupVersionKind())
	if err != nil {
		return untyped
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(content, object); err != nil {
		fail(err)
	}
	return object
}

// compiled does what the plugin's own compilePolicy does, which is not exported.
func compiled(policy *admissionv1.ValidatingAdmissionPolicy) validating.Validator {
	spec := policy.Spec
	declared := cel.OptionalVariableDeclarations{HasParams: spec.ParamKind != nil, HasAuthorizer: true}
	plain := cel.OptionalVariableDeclarations{HasParams: spec.ParamKind != nil}
	compiler, err := cel.NewCompositedCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
	if err != nil {
		fail(err)
	}
	variables := make([]cel.NamedExpressionAccessor, len(spec.Variables))
	for i, variable := range spec.Variables {
		variables[i] = &validating.Variable{Name: variable.Name, Expression: variable.Expression}
	}
	compiler.CompileAndStoreVariables(variables, declared, environment.StoredExpressions)
	validations := make([]cel.ExpressionAccessor, len(spec.Validations))
	messages := make([]cel.ExpressionAccessor, len(spec.Validations))
	for i, validation := range spec.Validations {
		validations[i] = &validating.ValidationCondition{Expression: validation.Expression, Message: validation.Message, Reason: validation.Reason}
		if validation.MessageExpression != "" {
			messages[i] = &validating.MessageExpressionCondition{MessageExpression: validation.MessageExpression}
		}
	}
	var matcher matchconditions.Matcher
	if len(spec.MatchConditions) > 0 {
		conditions := make([]cel.ExpressionAccessor, len(spec.MatchConditions))
		for i := range spec.MatchConditions {
			conditions[i] = (*matchconditions.MatchCondition)(&spec.MatchConditions[i])
		}
		matcher = matchconditions.NewMatcher(compiler.CompileCondition(conditions, declared, environment.StoredExpressions), spec.FailurePolicy, "policy", "validate", policy.Name)
	}
	return validating.NewValidator(
		compiler.CompileCondition(validations, declared, environment.StoredExpressions),
		matcher,
		compiler.CompileCondition(nil, declared, environment.StoredExpressions),
		compiler.CompileCondition(messages, plain, environment.StoredExpressions),
		spec.FailurePolicy,
		nil,
	)
}
