import { memoryServer } from '../../../mas/index.ts';
import { busContract } from './contract.ts';

describe('memory bus', () => {
  const server = memoryServer();
  busContract(() => ({ connect: async () => server.connect() }));
});
