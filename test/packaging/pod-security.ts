interface SecurityContext {
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly privileged?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly readOnlyRootFilesystem?: boolean;
  readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
  readonly seccompProfile?: { readonly type?: string };
}

/** As much of a pod as the standard speaks of. */
export interface PodSpec {
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly securityContext?: SecurityContext;
  readonly containers: readonly {
    readonly name: string;
    readonly securityContext?: SecurityContext;
    readonly ports?: readonly { readonly hostPort?: number }[];
  }[];
  readonly volumes?: readonly Readonly<Record<string, unknown>>[];
}

const VOLUMES = [
  'name',
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

/** What breaks the level "restricted" of the Pod Security Standards, and a root file system that can be written. Source: kubernetes.io/docs/concepts/security/pod-security-standards. */
export function restrictedProblems(pod: PodSpec): string[] {
  const problems: string[] = [];
  if (pod.hostNetwork || pod.hostPID || pod.hostIPC) problems.push('host namespaces');
  for (const volume of pod.volumes ?? []) {
    problems.push(
      ...Object.keys(volume)
        .filter((key) => !VOLUMES.includes(key))
        .map((key) => `volume type ${key}`),
    );
  }
  for (const { name, securityContext: own = {}, ports = [] } of pod.containers) {
    const merged = { ...pod.securityContext, ...own };
    const rules: readonly (readonly [string, boolean])[] = [
      ['privileged', own.privileged !== true],
      ['allowPrivilegeEscalation', own.allowPrivilegeEscalation === false],
      ['runAsNonRoot', merged.runAsNonRoot === true],
      ['runAsUser', merged.runAsUser !== 0],
      ['seccompProfile', ['RuntimeDefault', 'Localhost'].includes(merged.seccompProfile?.type ?? '')],
      ['capabilities.drop', own.capabilities?.drop?.includes('ALL') === true],
      ['capabilities.add', (own.capabilities?.add ?? []).every((one) => one === 'NET_BIND_SERVICE')],
      ['hostPort', ports.every((port) => port.hostPort === undefined)],
      ['readOnlyRootFilesystem', own.readOnlyRootFilesystem === true],
    ];
    problems.push(...rules.filter(([, holds]) => !holds).map(([rule]) => `container ${name}: ${rule}`));
  }
  return problems;
}
