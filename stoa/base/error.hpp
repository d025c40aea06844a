#pragma once

#include <string>
#include <string_view>
#include <system_error>

namespace stoa {

/// What a refusal is called by programs and by people.
struct ErrorText {
    const char* code;     ///< Stable, `snake_case`; stands in problem documents and on the wire.
    const char* message;  ///< A sentence without its full stop.
};

/// The category of every refusal of ours; see `error_code_of`.
class RefusalCategory : public std::error_category {
  public:
    virtual ErrorText text(int value) const = 0;
    std::string message(int value) const override { return text(value).message; }
};

/// The stable code of a refusal, or "unexpected" for an error that isn't one of ours.
std::string_view code_of(const std::error_code&);

/// Turns a module's error enum into `std::error_code`. The module declares, beside the enum,
/// `ErrorText text_of(Enum)` and `make_error_code(Enum)`, and says `is_error_code_enum`.
template <class Enum>
std::error_code error_code_of(const char* module, Enum error) {
    struct Category final : RefusalCategory {
        explicit Category(const char* module_name) : name_(module_name) {}
        const char* name() const noexcept override { return name_; }
        ErrorText text(int value) const override { return text_of(static_cast<Enum>(value)); }

      private:
        const char* name_;
    };
    static const Category category{module};
    return {static_cast<int>(error), category};
}

}  // namespace stoa
