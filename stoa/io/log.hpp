#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace spdlog {
class logger;
}

namespace stoa::io {

enum class LogLevel { debug, info, warning, error, off };
enum class LogFormat { text, json };

struct LogField {
    std::string_view name;
    std::variant<std::string_view, std::int64_t, double, bool> value;

    LogField(std::string_view key, std::string_view text) : name(key), value(text) {}
    LogField(std::string_view key, const std::string& text)
        : name(key), value(std::string_view(text)) {}
    LogField(std::string_view key, const char* text) : name(key), value(std::string_view(text)) {}
    LogField(std::string_view key, bool truth) : name(key), value(truth) {}
    LogField(std::string_view key, double number) : name(key), value(number) {}
    template <std::integral Number>
    LogField(std::string_view key, Number number)
        : name(key), value(static_cast<std::int64_t>(number)) {}
};

/// Lines for operators, to standard error or a file: a sentence and named values. Never secrets,
/// signatures, prompts or answers. A default one drops everything. Cheap to copy, thread-safe.
class Log {
  public:
    using Fields = std::initializer_list<LogField>;

    Log() = default;
    /// To standard error.
    Log(LogFormat, LogLevel);
    /// Appends to `path`, and begins a new file at 32 MiB; keeps three old ones. Throws.
    Log(LogFormat, LogLevel, const std::string& path);

    void debug(std::string_view sentence, Fields fields = {}) const;
    void info(std::string_view sentence, Fields fields = {}) const;
    void warning(std::string_view sentence, Fields fields = {}) const;
    void error(std::string_view sentence, Fields fields = {}) const;

  private:
    void write(LogLevel, std::string_view sentence, Fields) const;

    std::shared_ptr<spdlog::logger> logger_;
    LogFormat format_ = LogFormat::text;
};

}  // namespace stoa::io
