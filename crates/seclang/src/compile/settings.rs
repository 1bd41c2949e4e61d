//! Settings, the later of two holding.
use crate::ast::{self, OverLimit, Setting};
use lockgate_waf::program::{EngineMode, LimitAction, Settings};

/// The settings of a program.
pub(crate) fn settings(list: &[Setting]) -> Settings {
    let mut settings = Settings::default();
    for setting in list {
        apply(&mut settings, setting);
    }
    settings
}

fn apply(settings: &mut Settings, setting: &Setting) {
    let limits = &mut settings.limits;
    match setting {
        Setting::Engine(mode) => {
            settings.engine = match mode {
                ast::EngineMode::On => EngineMode::On,
                ast::EngineMode::Off => EngineMode::Off,
                ast::EngineMode::DetectionOnly => EngineMode::DetectionOnly,
            }
        }
        Setting::RequestBody(on) => settings.request_body_access = *on,
        Setting::ResponseBody(on) => settings.response_body_access = *on,
        Setting::RequestBodyMax(bytes) => limits.request_body_bytes_max = capped(*bytes),
        Setting::RequestBodyNoFilesMax(bytes) => {
            limits.request_body_no_files_bytes_max = capped(*bytes);
        }
        Setting::RequestBodyOver(over) => limits.request_body_action = action(*over),
        Setting::JsonDepthMax(levels) => limits.json_depth_max = capped(*levels),
        Setting::ArgumentsMax(count) => limits.arguments_max = capped(*count),
        Setting::ResponseBodyMax(bytes) => limits.response_body_bytes_max = capped(*bytes),
        Setting::ResponseBodyOver(over) => limits.response_body_action = action(*over),
        Setting::ResponseTypes(types) => settings.response_body_types.extend(types.iter().cloned()),
        Setting::ResponseTypesClear => settings.response_body_types.clear(),
        Setting::Signature(text) => settings.signatures.push(text.clone()),
    }
}

fn capped(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn action(over: OverLimit) -> LimitAction {
    match over {
        OverLimit::Reject => LimitAction::Reject,
        OverLimit::Partial => LimitAction::ProcessPartial,
    }
}
