{{/*
The operator's settings as variables: settings.sweepInterval is IVS_OPERATOR_SWEEP_INTERVAL. Lists are joined by commas,
maps are key=value pairs. An empty value is left to the operator.
*/}}
{{- define "ivs-operator.settings" -}}
{{- range $name, $value := .Values.settings }}
{{- $text := "" }}
{{- if kindIs "slice" $value }}
{{- $text = join "," $value }}
{{- else if kindIs "map" $value }}
{{- $pairs := list }}
{{- range $key, $one := $value }}
{{- $pairs = append $pairs (printf "%s=%s" $key (toString $one)) }}
{{- end }}
{{- $text = join "," $pairs }}
{{- else if kindIs "bool" $value }}
{{- $text = ternary "on" "off" $value }}
{{- else if not (kindIs "invalid" $value) }}
{{- $text = toString $value }}
{{- end }}
{{- if ne $text "" }}
- name: IVS_OPERATOR_{{ $name | snakecase | upper }}
  value: {{ $text | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "ivs-operator.credentials" -}}
{{- with .Values.awsCredentialsSecret }}
{{- if .name }}
- name: AWS_ACCESS_KEY_ID
  valueFrom:
    secretKeyRef:
      name: {{ .name }}
      key: {{ .accessKeyIdKey }}
- name: AWS_SECRET_ACCESS_KEY
  valueFrom:
    secretKeyRef:
      name: {{ .name }}
      key: {{ .secretAccessKeyKey }}
{{- if .sessionTokenKey }}
- name: AWS_SESSION_TOKEN
  valueFrom:
    secretKeyRef:
      name: {{ .name }}
      key: {{ .sessionTokenKey }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}
