{{/* What the operator may do, and nothing else. It reads no Secret: pods name the Secrets they need themselves. */}}
{{- define "tenure.rules" -}}
# Models are people's: the operator writes their status alone.
- apiGroups: [tenure.dev]
  resources: [mlmodels]
  verbs: [get, list, watch]
- apiGroups: [tenure.dev]
  resources: [modelversions]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [tenure.dev]
  resources: [mlmodels/status, modelversions/status]
  verbs: [patch]
# Children hold their owner's deletion up until they are gone, which needs this right on the owner.
- apiGroups: [tenure.dev]
  resources: [mlmodels/finalizers]
  verbs: [update]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [services, persistentvolumeclaims]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch, delete]
# Exact weights, where a model names a Gateway; a cluster without the Gateway API installs this all the same.
- apiGroups: [gateway.networking.k8s.io]
  resources: [httproutes]
  verbs: [get, create, patch, delete]
# Whether that Gateway is there and served.
- apiGroups: [gateway.networking.k8s.io]
  resources: [gateways]
  verbs: [get]
# Records outlive their models, so nothing of ours ever deletes one.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, list, watch, create, patch]
# Why pods do not run, and what they said when they ended.
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch]
# How far a training is: the last line of its log stands on the version.
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
# Some causes (quota, volumes) are told in Events alone; our own Events are counted up when they repeat.
- apiGroups: [""]
  resources: [events]
  verbs: [get, list, create, patch]
{{- end -}}
