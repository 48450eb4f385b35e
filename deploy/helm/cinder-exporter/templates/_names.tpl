{{- define "cinder-exporter.fullname" -}}
{{- $name := printf "%s-cinder-exporter" .Release.Name }}
{{- if contains "cinder-exporter" .Release.Name }}{{ $name = .Release.Name }}{{ end }}
{{- default $name .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "cinder-exporter.cloudsSecret" -}}
{{- default (printf "%s-clouds" (include "cinder-exporter.fullname" .)) .Values.openstack.existingSecret }}
{{- end }}

{{- define "cinder-exporter.webSecret" -}}
{{- default (printf "%s-web" (include "cinder-exporter.fullname" .)) .Values.web.existingSecret }}
{{- end }}

{{/* The first is the job label of the rules under any name of a release, and so cannot be changed. */}}
{{- define "cinder-exporter.selectorLabels" -}}
app.kubernetes.io/name: cinder-exporter
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "cinder-exporter.labels" -}}
{{- $own := include "cinder-exporter.selectorLabels" . | fromYaml }}
{{- $_ := set $own "app.kubernetes.io/version" .Chart.AppVersion }}
{{- $_ := set $own "app.kubernetes.io/managed-by" .Release.Service }}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63) }}
{{- merge $own .Values.commonLabels | toYaml }}
{{- end }}

{{/* The beginning of every object: `include` it with a list of the context and what comes after the name. */}}
{{- define "cinder-exporter.metadata" -}}
{{- $context := first . -}}
metadata:
  name: {{ include "cinder-exporter.fullname" $context }}{{ index . 1 }}
  namespace: {{ $context.Release.Namespace }}
  labels:
    {{- include "cinder-exporter.labels" $context | nindent 4 }}
{{- end }}
