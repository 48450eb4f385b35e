import { startLabCloud } from '../contract/lab.ts';
import { runContract } from '../contract/run.ts';
import { labRelease } from '../lab/release.ts';

const release = labRelease();
runContract(`a real Keystone and Cinder ${release}`, release, startLabCloud);
