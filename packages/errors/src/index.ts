export {
  DomainError,
  type ErrorCode,
  type ErrorDetails,
  errorMessage,
  isDomainError,
  isFault,
  publicError,
  type Violation,
} from "./domain-error.ts";
