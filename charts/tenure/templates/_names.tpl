{{/* Names, labels and lists that several templates share. */}}

{{- define "tenure.name" -}}
{{- if contains "tenure" .Release.Name -}}
{{- .Release.Name | trunc 53 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-tenure" .Release.Name | trunc 53 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "tenure.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (include "tenure.name" .) -}}
{{- end -}}

{{- define "tenure.selector" -}}
app.kubernetes.io/name: tenure
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{- define "tenure.labels" -}}
{{ include "tenure.selector" . }}
app.kubernetes.io/part-of: tenure
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{/* Namespaces to watch, as a comma list; empty means all. */}}
{{- define "tenure.watched" -}}
{{- if .Values.watchNamespaces -}}
{{- join "," .Values.watchNamespaces -}}
{{- else if eq .Values.scope "namespaced" -}}
{{- .Release.Namespace -}}
{{- end -}}
{{- end -}}
