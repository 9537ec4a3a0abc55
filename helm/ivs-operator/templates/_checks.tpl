{{/* What each value alone may be, values.schema.json says; here is what does not go together. */}}
{{- define "ivs-operator.checks" -}}
{{- $settings := .Values.settings -}}
{{- if and (gt (int .Values.replicas) 1) (not $settings.leaderElect) -}}
{{- fail (printf "replicas is %d, but settings.leaderElect is false: replicas would all work on the same objects. Set replicas to 1 and strategy.type to Recreate, or settings.leaderElect to true" (int .Values.replicas)) -}}
{{- end -}}
{{- if and (not $settings.leaderElect) (ne .Values.strategy.type "Recreate") -}}
{{- fail "settings.leaderElect is false, but strategy.type is RollingUpdate: old and new pod would work at the same time. Set strategy to {type: Recreate, rollingUpdate: null}, or settings.leaderElect to true" -}}
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
{{- end -}}
