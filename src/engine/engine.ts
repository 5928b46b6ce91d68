import type { Finished } from '../programs/finished.ts'
import type { CallOptions } from './command.ts'

/** A program that keeps images and runs containers. References and IDs are text that it understands itself. */
export interface Engine {
  readonly name: 'docker' | 'podman'
  /** The program, as PATH finds it: `docker` may be Podman in disguise. */
  readonly command: string
  /** Of what does the work: of Docker's daemon, not of its client. */
  readonly version: string
  /** What keeps the layers: `containerd`, or the name of a graph driver such as `overlay2`, `overlay`, `vfs`. */
  readonly store: string
  /** Whether it can load layers that are compressed with zstd. */
  readonly loadsZstd: boolean
  /**
   * Loads an archive that has both `manifest.json` and an OCI layout. Once begun, it isn't ended by anything here: a load that is broken off
   * can leave Docker's daemon unusable (moby#51623).
   * @throws EngineError with the engine's own last word
   */
  load(archive: string, onProgress?: OnLoadProgress): Promise<void>
  /** The image with this name or ID, if there is one. */
  find(reference: string): Promise<Image | undefined>
  /** IDs of the images with this label, the newest first. */
  labelled(label: string, value: string): Promise<readonly string[]>
  /** What the engine calls the image; `run` understands it. @throws EngineError if there is no such image */
  imageId(reference: string): Promise<string>
  /** Gives the image one more name, which it takes from any other image. */
  tag(image: string, reference: string): Promise<void>
  /** Removes the image with all its names. */
  remove(image: string): Promise<void>
  /** Any other call that soon ends; as `EngineCommand` has it. */
  call(args: readonly string[], options?: CallOptions): Promise<Finished>
  /**
   * Starts a container, and follows it to its end, or to that of the job.
   * @param deadline seconds that it may take
   * @throws the reason of the job's end; the container may still run then
   */
  follow(container: string, deadline: number): Promise<Finished>
  /**
   * Creates a container from the image, and removes it: a store may take an archive, and only find out later that its layer can't be unpacked.
   * @param say is told of a container that couldn't be removed, which says nothing against the image
   * @throws BrokenImageError if no container can be made of it; EngineError if there is no such image, or the engine doesn't answer
   */
  prove(reference: string, say?: (sentence: string) => void): Promise<Image>
}

export interface Image {
  /** `sha256:` and the digest of its config, or of its manifest in Docker's containerd store. */
  readonly id: string
  /** `name:tag`, as the engine spells them. */
  readonly names: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  /** For example `linux/386`. */
  readonly platform: string
  /** What comes before every command of `run`; `exec` leaves it out. */
  readonly entrypoint: readonly string[]
}

/** Called now and then while an archive is loaded. */
export type OnLoadProgress = (progress: LoadProgress) => void

export interface LoadProgress {
  /** Bytes that the engine has read; absent where that can't be seen. When it has read all, it is still busy unpacking. */
  readonly given?: number
  /** Bytes in the archive. */
  readonly size: number
  /** Since the load began. */
  readonly milliseconds: number
}
