/** As much of what OpenStack-Helm makes as the patch needs. */
export const CINDER_API = `apiVersion: apps/v1
kind: Deployment
metadata: {name: cinder-api}
spec:
  selector: {matchLabels: {application: cinder, component: api}}
  template:
    metadata: {labels: {application: cinder, component: api}}
    spec:
      containers: [{name: cinder-api, image: cinder}]
      volumes: [{name: pod-tmp, emptyDir: {}}]
`;
