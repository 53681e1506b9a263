/**
 * Keeps onnxruntime from writing files about its use into the temporary folder and from sending
 * them away. The native library reads the process' own environment when it is first loaded, which
 * only the main thread can change: whoever starts a thread or opens a session imports this first.
 */
process.env.ORT_DISABLE_TELEMETRY ??= "1";
