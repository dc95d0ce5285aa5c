// What `self-update` may ask for. Types only.

export interface UpdateWish {
  /** An https address or an absolute directory; without it the place that this build knows. */
  from?: string | undefined
  /** Public key of minisign; without it the one that this build knows. */
  key?: string | undefined
  /** Without it the newest. */
  version?: string | undefined
}

/** A release whose signature was found right. */
export interface Offer {
  /** The version that runs. */
  current: string
  version: string
  /** 1 when it is newer than the one that runs, -1 when it is older. */
  order: -1 | 0 | 1
  /**
   * Fetches and checks the archive and puts its program in the place of the running one. Throws `corrupt` for other
   * bytes than were signed and `failed` when it cannot be replaced; then nothing has changed.
   */
  install(): Promise<{ path: string }>
}

export interface Updates {
  /** Throws `corrupt` for a wrong signature, `failed` when there is nothing for this platform or nobody to ask. */
  look(wish: UpdateWish): Promise<Offer>
}
