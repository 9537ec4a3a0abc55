{{- define "ivs-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 53 | trimSuffix "-" -}}
{{- end -}}

{{/* Release and chart, once when the one holds the other. 53 characters leave room for suffixes. */}}
{{- define "ivs-operator.fullname" -}}
{{- $name := include "ivs-operator.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 53 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 53 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 53 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* The operator's pods. The pod of `helm test` has another component, so that no Service finds it. */}}
{{- define "ivs-operator.selectorLabels" -}}
{{ include "ivs-operator.releaseLabels" . }}
app.kubernetes.io/component: operator
{{- end -}}

{{- define "ivs-operator.releaseLabels" -}}
app.kubernetes.io/name: {{ include "ivs-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "ivs-operator.labels" -}}
{{ include "ivs-operator.releaseLabels" . }}
app.kubernetes.io/part-of: ivs-operator
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* metadata.labels and metadata.annotations. Takes root, and optionally labels, annotations and component. */}}
{{- define "ivs-operator.metadata" -}}
{{- $annotations := merge (dict) (.annotations | default dict) .root.Values.commonAnnotations -}}
labels:
  {{- include "ivs-operator.labels" .root | nindent 2 }}
  app.kubernetes.io/component: {{ .component | default "operator" }}
  {{- with .labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "ivs-operator.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (include "ivs-operator.fullname" .) -}}
{{- end -}}

{{- define "ivs-operator.leaseNamespace" -}}
{{- .Values.settings.leaseNamespace | default .Release.Namespace -}}
{{- end -}}

{{- define "ivs-operator.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{- printf "%s@%s" .repository .digest -}}
{{- else -}}
{{- printf "%s:%s" .repository (.tag | default $.Chart.AppVersion) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What the CRDs are, in short: a pod is renewed with them, and a CRD tells which release's it is. */}}
{{- define "ivs-operator.crdsChecksum" -}}
{{- $all := "" -}}
{{- range $path, $content := .Files.Glob "files/crds/*.yaml" -}}
{{- $all = printf "%s%s" $all ($content | toString) -}}
{{- end -}}
{{- $all | sha256sum -}}
{{- end -}}
