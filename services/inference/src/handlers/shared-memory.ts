/** Memory that client and server share: none of these calls is implemented, and each says why. */
import type { GRPCInferenceServiceDefinition } from "@amaas/proto/inference/grpc_service";
import type { Handlers } from "@amaas/rpc";
import { noCudaSharedMemory, noSystemSharedMemory } from "../errors.ts";

type Methods = Handlers<GRPCInferenceServiceDefinition>;
type SharedMemory = Pick<
  Methods,
  Extract<keyof Methods, `${"system" | "cuda"}SharedMemory${string}`>
>;

export function sharedMemory(): SharedMemory {
  const system = async () => {
    throw noSystemSharedMemory();
  };
  const cuda = async () => {
    throw noCudaSharedMemory();
  };
  return {
    systemSharedMemoryStatus: system,
    systemSharedMemoryRegister: system,
    systemSharedMemoryUnregister: system,
    cudaSharedMemoryStatus: cuda,
    cudaSharedMemoryRegister: cuda,
    cudaSharedMemoryUnregister: cuda,
  };
}
