/**
 * LogSettings: reads and changes which lines are logged, with Triton's names and refusals.
 *
 * Lines are JSON with a time in ISO 8601, whichever of Triton's two formats is asked for. Nothing is
 * changed by a request that is refused.
 */
import type {
  GRPCInferenceServiceDefinition,
  LogSettingsRequest_SettingValue as SettingValue,
} from "@amaas/proto/inference/grpc_service";
import type { Handlers } from "@amaas/rpc";
import type { LogLevels } from "@amaas/telemetry";
import { badSetting, fixedSetting, unknownSetting } from "../errors.ts";
import type { Inference } from "../inference.ts";

interface Asked {
  readonly levels: Partial<LogLevels>;
  readonly format?: string;
}

type Choice = NonNullable<SettingValue["parameterChoice"]>;

/** What each setting changes, or why it changes nothing. */
const settings: Readonly<Record<string, (value: Choice | undefined) => Asked>> = {
  log_file() {
    throw fixedSetting("log file location can not be updated through network protocol");
  },
  log_info: (value) => ({ levels: { info: bool("log_info", value) } }),
  log_warning: (value) => ({ levels: { warn: bool("log_warning", value) } }),
  log_error: (value) => ({ levels: { error: bool("log_error", value) } }),
  log_verbose_level(value) {
    if (value?.$case !== "uint32Param") throw badSetting("expect int32 for 'log_verbose_level'");
    return { levels: { debug: value.value > 0 } };
  },
  log_format(value) {
    if (value?.$case !== "stringParam") throw badSetting("expect string for 'log_format'");
    if (value.value !== "default" && value.value !== "ISO8601")
      throw badSetting(`invalid argument for log_format, got: ${value.value}`);
    return { levels: {}, format: value.value };
  },
};

export function logSettings({
  log,
  events,
}: Inference): Handlers<GRPCInferenceServiceDefinition>["logSettings"] {
  let format = "default";
  return async ({ settings: asked }) => {
    const changes = Object.entries(asked).map(([name, { parameterChoice }]) => {
      const read = Object.hasOwn(settings, name) ? settings[name] : undefined;
      if (read === undefined) throw unknownSetting("log", name, Object.keys(settings));
      return read(parameterChoice);
    });
    for (const { levels, format: wanted = format } of changes) {
      Object.assign(log.levels, levels);
      format = wanted;
    }
    if (changes.length > 0) events.logSettingsChanged(log.levels);
    return { settings: told(log.levels, format) };
  };
}

function bool(name: string, value: Choice | undefined): boolean {
  if (value?.$case !== "boolParam") throw badSetting(`expect boolean for '${name}'`);
  return value.value;
}

function told({ debug, info, warn, error }: LogLevels, format: string) {
  const flag = (value: boolean) => ({ parameterChoice: { $case: "boolParam" as const, value } });
  const text = (value: string) => ({ parameterChoice: { $case: "stringParam" as const, value } });
  return {
    log_file: text(""),
    log_info: flag(info),
    log_warning: flag(warn),
    log_error: flag(error),
    log_verbose_level: {
      parameterChoice: { $case: "uint32Param" as const, value: debug ? 1 : 0 },
    },
    log_format: text(format),
  };
}
