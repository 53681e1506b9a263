/** The augmentation part of a job spec: what training does to images, each time anew, and nobody else does. */
export interface AugmentationSpec {
  /** Half of the images are turned over: left to right, upside down, or either by itself. */
  readonly flip?: "horizontal" | "vertical" | "both";
  /** Pixels by which an image is moved at most, either way along either side; 0 comes in from outside. */
  readonly crop?: number;
  readonly jitter?: {
    /** Each image is multiplied by 1 - brightness to 1 + brightness. */
    readonly brightness: number;
    /** What is off the image's mean is multiplied by 1 - contrast to 1 + contrast. */
    readonly contrast: number;
  };
}
