{{/* What each value alone may be, values.schema.json says; here is what does not go together. */}}
{{- define "ivs-operator.checks" -}}
{{- $settings := .Values.settings -}}
{{- if and (gt (int .Values.replicas) 1) (not $settings.leaderElect) -}}
{{- fail (printf "replicas is %d, but settings.leaderElect is false: replicas would all work on the same objects. Set replicas to 1 and strategy.type to Recreate, or settings.leaderElect to true" (int .Values.replicas)) -}}
{{- end -}}
{{- if and (not $settings.leaderElect) (ne .Values.strategy.type "Recreate") -}}
{{- fail "settings.leaderElect is false, but strategy.type is RollingUpdate: old and new pod would work at the same time. Set strategy.type to Recreate, or settings.leaderElect to true" -}}
{{- end -}}
{{- if eq (int $settings.healthPort) (int $settings.metricsPort) -}}
{{- fail (printf "settings.healthPort and settings.metricsPort are both %d; choose two" (int $settings.healthPort)) -}}
{{- end -}}
{{- if and (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) -}}
{{- fail "serviceAccount.create is false, so serviceAccount.name must name an account that exists" -}}
{{- end -}}
{{- if and .Values.monitoring.serviceMonitor.enabled (not .Values.service.enabled) -}}
{{- fail "monitoring.serviceMonitor.enabled needs service.enabled; or use monitoring.podMonitor" -}}
{{- end -}}
{{- if and .Values.test.enabled (not .Values.service.enabled) -}}
{{- fail "test.enabled needs service.enabled: `helm test` finds the replicas by the Service's name. Set test.enabled to false" -}}
{{- end -}}
{{- $policy := .Values.admissionPolicy -}}
{{- if and .Values.crds.install (not .Values.crds.keep) $policy.enabled $policy.teardown (has "Deny" $policy.validationActions) -}}
{{- fail "crds.keep is false, but admissionPolicy.teardown refuses to delete CRDs: an uninstall would fail half-way. Set crds.keep to true, or admissionPolicy.teardown to false" -}}
{{- end -}}
{{- if and (has "Deny" $policy.validationActions) (has "Warn" $policy.validationActions) -}}
{{- fail "admissionPolicy.validationActions has Deny and Warn, which Kubernetes takes for a repetition. Choose one of the two; Audit goes with both" -}}
{{- end -}}
{{- if .Values.rbac.create -}}
{{- range $settings.namespaces -}}
{{- if regexMatch "[!*?]" . -}}
{{- fail (printf "settings.namespaces has the pattern %s, but rbac.create makes a Role in each namespace by its name. Name the namespaces, or set rbac.create to false and grant the Roles yourself" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- include "ivs-operator.environmentChecks" . -}}
{{- end -}}

{{/* A variable has one place: Kubernetes refuses, or quietly takes the last of, two of one name. HOME may be set anew. */}}
{{- define "ivs-operator.environmentChecks" -}}
{{- $seen := dict -}}
{{- range concat (include "ivs-operator.settings" . | fromYamlArray) (include "ivs-operator.credentials" . | fromYamlArray) -}}
{{- $_ := set $seen .name (ternary "settings" "awsCredentialsSecret" (hasPrefix "IVS_OPERATOR_" .name)) -}}
{{- end -}}
{{- range .Values.extraEnv -}}
{{- if hasKey $seen (toString .name) -}}
{{- fail (printf "extraEnv sets %s, which %s sets already: set it in one place" .name (get $seen .name)) -}}
{{- end -}}
{{- $_ := set $seen (toString .name) "extraEnv" -}}
{{- end -}}
{{- end -}}
