{{/* A web configuration may want a password or a client certificate, which a probe has not got: it then only connects. */}}
{{- define "cinder-exporter.probe" -}}
{{- $context := first . -}}
{{- if or $context.Values.web.config $context.Values.web.existingSecret -}}
tcpSocket:
  port: metrics
{{- else -}}
httpGet:
  path: {{ index . 1 }}
  port: metrics
{{- end }}
{{- end }}
