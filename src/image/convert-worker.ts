import { parentPort, workerData } from 'node:worker_threads'
import { sendTar } from './tar-thread.ts'

void sendTar(parentPort!, workerData)
