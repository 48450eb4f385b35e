{{/* What the schema of the values cannot say so that people understand it. */}}
{{- define "cinder-exporter.checks" -}}
{{- with .Values.openstack }}
{{- if not (or .clouds .existingSecret .envFromSecret) }}
{{- fail "no cloud to watch: give the entries of a clouds.yaml in openstack.clouds, or name a Secret in openstack.existingSecret or openstack.envFromSecret" }}
{{- end }}
{{- if and .clouds .existingSecret }}
{{- fail "openstack.clouds and openstack.existingSecret are two clouds.yaml for one place: give one" }}
{{- end }}
{{- if and .ca.secret .ca.configMap }}
{{- fail "openstack.ca.secret and openstack.ca.configMap are two files for one place: give one" }}
{{- end }}
{{- end }}
{{- with .Values.web }}
{{- if and .config .existingSecret }}
{{- fail "web.config and web.existingSecret are two web configurations: give one" }}
{{- end }}
{{- if and .tlsSecret (not (or .config .existingSecret)) }}
{{- fail "web.tlsSecret alone does nothing: name its files in web.config.tls_server_config" }}
{{- end }}
{{- end }}
{{- end }}
