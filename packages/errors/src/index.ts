export {
  DomainError,
  type ErrorCode,
  type ErrorDetails,
  errorMessage,
  isDomainError,
  type Violation,
} from "./domain-error.ts";
