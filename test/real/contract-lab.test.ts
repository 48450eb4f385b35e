import { startLabCloud } from '../contract/lab.ts';
import { runContract } from '../contract/run.ts';

runContract('a real Keystone and Cinder', startLabCloud);
